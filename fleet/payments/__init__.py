"""Money: codecs write payment QR codes, providers move and confirm the money, the desk joins both to orders."""

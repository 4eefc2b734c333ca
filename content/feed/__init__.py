"""Product feeds as operators have them: Google Merchant (TSV, RSS 2.0, Atom) and plain CSV, read row by row.

    text      which encoding a file has, and its lines, none longer than is good
    table     rows of TSV and CSV          markup    rows of RSS and Atom
    cells     what one cell says           rows      what one row says: a product, or what is wrong with it
    problems  what was expected and what was found, where

Nothing here writes or downloads; content.importer puts it together.
"""

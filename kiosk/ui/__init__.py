"""Draws. Kivy lives only here; it knows kiosk.views and kiosk.link.link and nothing else of ours."""

"""Draws. Kivy lives only here; it knows kiosk.views and kiosk.link and nothing else of ours."""

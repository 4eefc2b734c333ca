"""The picture studio: draws the demo store's product pictures with light and shadow.

Every product of `content/demo/feed.tsv` names a pack, a palette, a motif and a label. The studio prints the
label (`labels`), puts it on a solid made of signed distances (`sksl/shapes`), lights it (`sksl/light.sksl`)
and photographs it. Skia runs the shading language on the CPU, so the pictures need no graphics card and come
out the same everywhere the same library versions are installed. Used to make the demo, never at run time.
"""

"""Images: read and written as bytes, told in numbers, corrupted on purpose, laid out as a panel.

An image is an array (H, W, C) of uint8, C is 1 (grey) or 3 (red, green, blue). Pure but for
Pillow, which is what reads and writes image files.
"""

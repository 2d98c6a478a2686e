"""Chat models on a gold set: asked (`conversations`), at the pace of real traffic (`traffic`),
and scored by judges that are held against people (`calibration`).
"""

"""The kotak pengaduan's paper: the printable slip, pages out of a scan, and what is written on them."""

"""The Buku Pengaduan. Reads only."""

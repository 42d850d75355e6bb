"""aduan: public complaints (pengaduan) handled by email and Word, as the SOP says."""

"""Builds templates/slips/slip.docx, the form that staff may restyle in Word. Run it after a change of the layout.

What an office restyles is its own copy, slips/slip.docx beside its config.toml; this file is the one delivered.
"""

from pathlib import Path

from pipeline.slips import form_word

TARGET = Path(__file__).resolve().parent.parent / "templates" / "slips" / "slip.docx"

if __name__ == "__main__":
    TARGET.write_bytes(form_word.template())
    print(f"Templat ditulis: {TARGET.name}")

"""Tell kinds of files apart by their first bytes, and refuse those that can't be read, with what to do instead."""

from __future__ import annotations

from pressrelease.errors import Refused

_SAVE_AS = "Open it in Word and save it as .docx, then import that."


def kind_of(data: bytes) -> str:
    """Return "docx" or "text". Raises Refused for any other kind of file."""
    if data.startswith(b"PK\x03\x04"):
        return _in_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _refused("The file is protected with a password.", "Take the password off in Word, then import it.")
        raise _refused("This is an old Word file (.doc).", _SAVE_AS)
    if data.startswith(b"{\\rtf"):
        raise _refused("This is an RTF file.", _SAVE_AS)
    if data.startswith(b"%PDF-"):
        raise _refused(
            "This is a PDF file, which has no paragraphs to import.", "Import the Word file that it was made from."
        )
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise _refused("This is a picture.", "Put it in releases/ and list it in `attachments`.")
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused("This is not a text.", "Import a Word, HTML, Markdown or text file.")
    return "text"


def _in_zip(data: bytes) -> str:
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise _refused("The file is damaged.", "Save it again in Word, then import it.") from None
    if any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.startswith("xl/") for name in names):
        raise _refused("This is an Excel file.", "Copy the table into a Word file, or attach it.")
    if any(name.startswith("ppt/") for name in names):
        raise _refused("This is a PowerPoint file.", "Copy the text into a Word file.")
    if "mimetype" in names:
        raise _refused("This is a LibreOffice file.", "Save it as .docx, then import that.")
    if any(name.startswith("Index/") or name.endswith(".iwa") for name in names):
        raise _refused("This is a Pages file.", "Export it to Word, then import that.")
    raise _refused("This is a zip file, not a Word file.", "Take the Word file out of it and import that.")


def _refused(words: str, hint: str) -> Refused:
    return Refused(f"{words} Nothing was imported.", hint=hint, code="not_importable")

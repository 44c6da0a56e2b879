"""The results in OHIF: its built viewer from npm, served beside an Orthanc, looked at by a headless Chromium."""

"""A result as DICOM objects of the patient's study: segmentation, structured report, picture."""

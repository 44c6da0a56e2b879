from .catalogue import Catalogue as Catalogue
from .exports import export as export
from .exports import export_reports as export_reports
from .model import checked_reader as checked_reader
from .store import Store as Store

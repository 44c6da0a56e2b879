from .output import write_paper as write_paper

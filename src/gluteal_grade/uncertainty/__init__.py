"""How sure a muscle's fat fraction is: intervals from the border of its label, the fat map's own errors and what was not seen."""

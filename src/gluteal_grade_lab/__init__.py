"""What users do not need: the phantom, training, validation and measuring programs of gluteal_grade."""

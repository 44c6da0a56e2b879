"""The program killed and pushed at: does nothing get lost, is nothing done twice."""

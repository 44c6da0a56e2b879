"""The hospital's side: studies received, asked for, sent back; the job of every night; a watched folder."""

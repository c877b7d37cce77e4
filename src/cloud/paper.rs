//! A world on paper: what the laws of planning are tried on.

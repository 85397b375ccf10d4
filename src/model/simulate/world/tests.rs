//! The world in trouble, checked against what real servers do.

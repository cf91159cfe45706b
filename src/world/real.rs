//! The world as it is. Home of reqwest.

//! The authority: the server that holds the truth about each token's idle time.

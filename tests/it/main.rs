//! The promises, proven on the real program.

fn main() {}

//! The program; it gets its commands with the last room.

fn main() {}

//! ADQL against the catalogue: what is answered, what is refused and where, and what no query can do.

mod answers;
mod cones;
mod metadata;
mod mutilated;
mod names;
mod sky;
mod world;

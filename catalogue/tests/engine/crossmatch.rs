//! Crossmatches: always compared with the same question asked pair by pair.

mod joins;
mod limits;
mod mistakes;
mod motion;
mod nearest;
mod observed;
mod points;
mod tables;

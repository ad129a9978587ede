//! The user space as servers use it, on a real disk, on disks that fail, and after crashes.

mod crashes;
mod forgetful;
mod homes;
mod killed_homes;
mod permissions;
mod tables;
mod world;

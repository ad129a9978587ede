//! User space: tables that people make beside the catalogue, `user_<name>.<table>`, durable and private; and the
//! homes in which their labs keep files ([`home`]).
//!
//! A table is Parquet files and a row in a database. Files are written under a name that nobody reads, flushed,
//! renamed, and the row comes last, in one transaction: what was acknowledged is whole and stays, whatever happens,
//! and what was not acknowledged is nowhere to be seen ([`UserSpace::open`] removes what is left of it). How tables
//! are queried is the catalogue's business, and how they arrive is the servers'.

mod columns;
mod describe;
mod disk;
mod error;
pub mod home;
mod limits;
mod listing;
mod name;
mod registry;
mod sharing;
mod space;
mod upload;

pub use columns::MADE_BY;
pub use describe::ColumnNote;
pub use disk::{Disk, LocalDisk, NewFile};
pub use error::SpaceError;
pub use limits::SpaceLimits;
pub use listing::Listed;
pub use name::{TableName, owner_of_schema, schema_of};
pub use sharing::{Access, Group, Share};
pub use space::UserSpace;
pub use upload::{Outcome, Upload, Way};

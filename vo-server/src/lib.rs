//! The face of the catalogue that the Virtual Observatory knows: queries in ADQL over the protocols of the IVOA.
//!
//! [`adql`] reads queries; what a query means is the catalogue's business, and what an account is the gateway's.

pub mod adql;

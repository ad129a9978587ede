//! The face of the catalogue that the Virtual Observatory knows: queries in ADQL over the protocols of the IVOA.
//!
//! [`adql`] reads queries and [`plan`] hands them to the catalogue, whose business it is what a query means; what an
//! account is belongs to the gateway.

pub mod adql;
pub mod plan;

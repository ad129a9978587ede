//! ADQL 2.1 (IVOA Recommendation of 15 December 2023): from text to a checked query.
//!
//! This module knows the language and nothing else: neither the tables and the engine that answer a query, nor
//! the protocols over which it came.

//! The edge of Nearside: sign-in, identity provider, labs, proxy and web pages.
//!
//! A browser or a script meets the platform here and nowhere else. [`start`] serves the pages of [`routes`];
//! who somebody is, [`identity`] knows; where their lab runs, a [`spawner`] knows; everything below
//! `/user/{name}/` goes through the proxy to that lab. This crate knows no catalogue and speaks no Jupyter.

pub mod config;
pub mod identity;
pub mod routes;
pub mod spawner;

mod access;
mod answer;
mod app;
mod assets;
mod cookies;
mod error;
mod health;
mod labs;
mod pages;
mod progress;
mod providers;
mod proxy;
mod secrets;
mod server;
mod sign_in;
mod tokens;

pub use access::PublicAddress;
pub use config::{
    Config, KubernetesSpawnerConfig, LabEnvironment, ProcessSpawnerConfig, SpawnerConfig, Tls, WelcomeFile,
};
pub use server::{ServerHandle, StartError, start, start_with_spawner};

//! `nearside import tap`: the answer of a TAP service, whole or in pieces, into a HATS table.

use anyhow::{Result, ensure};
use catalogue::import::{Format, ImportRequest};
use secrecy::SecretString;

use super::TableArgs;
use crate::bar::Bar;
use crate::tap::{self, Access, Cone, Downloads, Service, TapLimits};

/// Which service to ask for what.
#[derive(clap::Args)]
pub struct Args {
    /// The address of the service, which ends before `/sync`.
    url: url::Url,
    /// The query. Its answer has to be whole: where the service cuts it, nothing is imported.
    #[arg(long, required_unless_present = "cone", conflicts_with = "cone")]
    adql: Option<String>,
    /// All rows within RADIUS degrees of a position; asked in pieces that the service does not cut.
    #[arg(long, num_args = 3, value_names = ["RA", "DEC", "RADIUS_DEG"], allow_negative_numbers = true)]
    cone: Option<Vec<f64>>,
    /// The table of the service to take the cone from, where it is not named like the one to make.
    #[arg(long, value_name = "TABLE", requires = "cone")]
    from: Option<String>,
    /// The columns of right ascension and declination in that table.
    #[arg(long, num_args = 2, value_names = ["RA", "DEC"], default_values = ["ra", "dec"])]
    position: Vec<String>,
    /// A token for the service.
    #[arg(long, env = "NEARSIDE_TAP_TOKEN", hide_env_values = true)]
    token: Option<SecretString>,
    /// A cookie for the service, as NAME=VALUE.
    #[arg(long, env = "NEARSIDE_TAP_COOKIE", hide_env_values = true)]
    cookie: Option<SecretString>,
    /// Rows to ask for at a time; a cone with more is asked in pieces.
    #[arg(long, default_value_t = TapLimits::default().rows_per_query)]
    rows_per_query: u64,
    #[command(flatten)]
    table: TableArgs,
}

/// Downloads what is asked for, imports it, and removes the downloads.
pub async fn run(args: Args) -> Result<()> {
    let limits = TapLimits { rows_per_query: args.rows_per_query.max(1), ..TapLimits::default() };
    let access = Access { token: args.token, cookie: args.cookie };
    let service = Service::new(args.url, access, limits)?;
    let (schema, table) = args.table.table.clone();
    let downloads = Downloads::open(&args.table.beside(), super::reading()?, args.table.limits())?;
    let files = match (&args.adql, &args.cone) {
        (Some(adql), _) => tap::query(&service, adql, &downloads, &Bar::default()).await?,
        (None, Some(numbers)) => {
            let from = args.from.unwrap_or_else(|| format!("{schema}.{table}"));
            let cone = cone(numbers, from, &args.position)?;
            tap::cone(&service, &cone, &downloads, &Bar::default()).await?
        }
        (None, None) => anyhow::bail!("say what to ask for with --adql or --cone"),
    };
    let origin = format!("Imported from {}", service.url());
    let request = args.table.request(files)?;
    let description = request.description.clone().or(Some(origin));
    super::import(&ImportRequest { format: Some(Format::VoTable), description, ..request })?;
    downloads.remove()
}

fn cone(numbers: &[f64], table: String, position: &[String]) -> Result<Cone> {
    let [ra_deg, dec_deg, radius_deg] = *numbers else { anyhow::bail!("write --cone RA DEC RADIUS_DEG") };
    let [ra_column, dec_column] = position else { anyhow::bail!("write --position RA DEC") };
    ensure!((0.0..=360.0).contains(&ra_deg), "RA {ra_deg} is not within 0 to 360 degrees");
    ensure!((-90.0..=90.0).contains(&dec_deg), "DEC {dec_deg} is not within -90 to 90 degrees");
    ensure!(
        radius_deg > 0.0 && radius_deg <= 180.0,
        "the radius {radius_deg} is not within 0 to 180 degrees"
    );
    let (ra_column, dec_column) = (ra_column.clone(), dec_column.clone());
    Ok(Cone { table, ra_column, dec_column, ra_deg, dec_deg, radius_deg })
}

//! The rows of a table as bytes: out in any format of TAP, in as a VOTable or as text with commas.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use tokio::time::timeout;
use user_space::{TableName, Way, schema_of};

use super::Tables;
use crate::answer::{Delivery, Table, respond};
use crate::ask::Question;
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::tap::sync;
use crate::user_tables::{self, Sent};
use crate::vospace::fault::Fault;
use crate::vospace::view;
use api::names::Username;

impl Tables<'_> {
    /// Sends the rows in the view that is asked for.
    pub(in crate::vospace) async fn give(
        &self,
        owner: &Username,
        name: &TableName,
        view: Option<&str>,
    ) -> Result<Response, Fault> {
        let offer = view::offer(self.authority, view)?;
        let table = self.rows(owner, name).await?;
        let about = sync::about(all_of(owner, name), &table.schema, &self.app.base_url());
        let delivery = Delivery {
            writer: offer.writer(about),
            media_type: offer.media_type,
            file_name: format!("{name}.{}", offer.extension),
            max_rows: None,
            pieces_waiting: self.app.config.traffic.pieces_waiting,
        };
        Ok(respond(table, delivery).await?)
    }

    /// The rows, by the way of every query: with its limits, and in the audit log.
    pub(in crate::vospace) async fn rows(&self, owner: &Username, name: &TableName) -> Result<Table, Fault> {
        self.table(owner, name).await?;
        let caller = Caller::Person(self.person.clone());
        let question = Question::new(&caller, all_of(owner, name), &Parameters::default())?;
        Ok(question.ask(self.app).await?)
    }

    /// Makes a table of the body of a request, in place of any there is.
    pub(in crate::vospace) async fn take(
        &self,
        owner: &Username,
        name: &TableName,
        request: Request,
    ) -> Result<Response, Fault> {
        let is_new =
            self.space.listed_table(self.person, owner, name).await.map_err(Refusal::from)?.is_none();
        let traffic = &self.app.config.traffic;
        let body = timeout(traffic.body_within, to_bytes(request.into_body(), traffic.body_bytes)).await;
        let body = body.map_err(|_| Refusal::TooSlow)?;
        let bytes = body.map_err(|_| Refusal::TooLarge { limit_bytes: traffic.body_bytes })?;
        self.store(owner, name, bytes).await?;
        Ok(if is_new { StatusCode::CREATED } else { StatusCode::OK }.into_response())
    }

    /// Makes a table of these bytes, in place of any there is.
    pub(in crate::vospace) async fn store(
        &self,
        owner: &Username,
        name: &TableName,
        bytes: Bytes,
    ) -> Result<u64, Fault> {
        let sent = Sent { bytes, description: None, is_csv: None };
        let target = user_tables::Target {
            actor: self.person.clone(),
            owner: owner.clone(),
            name: name.clone(),
            way: Way::Replace,
        };
        Ok(user_tables::store(self.app, target, sent).await?)
    }
}

fn all_of(owner: &Username, name: &TableName) -> String {
    format!("SELECT * FROM \"{}\".\"{name}\"", schema_of(owner))
}

//! OpenID Connect: the authorisation code flow with PKCE, state, nonce and issuer checks.

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use secrecy::{ExposeSecret as _, SecretString};

use super::ask::Ask;
use super::claims::{Claims, Expected};
use super::discovery::Metadata;
use super::{Answer, Attempt, ProviderError, in_few_words, is_private};
use crate::config::OidcConfig;
use crate::identity::Person;

/// A provider that speaks OpenID Connect.
pub struct Oidc {
    issuer: String,
    client_id: String,
    client_secret: Option<SecretString>,
    scope: String,
    name_claim: String,
    ask: Ask,
}

/// What the token endpoint gives for a code (OpenID Connect Core section 3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl Oidc {
    /// A provider at its issuer's address. The error says what is wrong with the configuration.
    pub fn new(config: &OidcConfig, ask: Ask) -> Result<Self, String> {
        let issuer =
            Url::parse(&config.issuer).map_err(|error| format!("its issuer is no address: {error}"))?;
        if !is_private(&issuer) || issuer.query().is_some() || issuer.fragment().is_some() {
            return Err("its issuer is not an https:// address without '?' and '#'".to_owned());
        }
        let client_secret = config.client_secret_file.as_deref().map(|file| {
            let text = std::fs::read_to_string(file);
            text.map(|text| SecretString::from(text.trim().to_owned()))
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))
        });
        Ok(Self {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            client_secret: client_secret.transpose()?,
            scope: config.scopes.join(" "),
            name_claim: config.name_claim.clone(),
            ask,
        })
    }

    /// The authentication request (OpenID Connect Core section 3.1.2.1).
    pub async fn address(&self, attempt: &Attempt, back: &Url) -> Result<Url, ProviderError> {
        let mut address = Metadata::of(&self.issuer, &self.ask).await?.authorization_endpoint;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", back.as_str())
            .append_pair("scope", &self.scope)
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(address)
    }

    /// Who comes with this answer.
    pub async fn person(
        &self,
        attempt: &Attempt,
        back: &Url,
        answer: Answer,
    ) -> Result<Person, ProviderError> {
        let metadata = Metadata::of(&self.issuer, &self.ask).await?;
        let named = answer.iss.as_deref();
        if named.is_some_and(|issuer| issuer != self.issuer)
            || (named.is_none() && metadata.authorization_response_iss_parameter_supported)
        {
            return Err(ProviderError::distrust("issuer of the answer"));
        }
        if let Some(error) = answer.error {
            return Err(ProviderError::Refused(in_few_words(&answer.error_description.unwrap_or(error))));
        }
        let code = answer.code.ok_or(ProviderError::distrust("code of the answer"))?;
        let tokens = self.tokens(&metadata, attempt, back, &code).await?;
        let nonce = attempt.nonce();
        let expected = Expected { issuer: &self.issuer, client_id: &self.client_id, nonce: &nonce };
        let claims = Claims::of(&tokens.id_token, &metadata.keys(&self.ask).await?, &expected)?;
        let wished_name = self.wished_name(&metadata, &claims, tokens.access_token).await?;
        Ok(Person { issuer: self.issuer.clone(), subject: claims.sub, wished_name })
    }

    /// Redeems the code (RFC 6749 section 4.1.3).
    async fn tokens(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        back: &Url,
        code: &str,
    ) -> Result<Tokens, ProviderError> {
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let basic = methods.iter().any(|method| method == "client_secret_basic");
        let secret = self.client_secret.as_ref().map(SecretString::expose_secret);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back.as_str()),
            ("client_id", &self.client_id),
        ];
        let verifier = attempt.verifier();
        form.push(("code_verifier", &verifier));
        form.extend(secret.filter(|_| !basic).map(|secret| ("client_secret", secret)));
        let form = Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.ask.post(metadata.token_endpoint.clone(), form);
        if let Some(secret) = secret.filter(|_| basic) {
            // Both are encoded before they are joined (RFC 6749 section 2.3.1).
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(&self.client_id), Some(encoded(secret)));
        }
        Ask::json(request).await
    }

    /// The name in the ID token, or that of the userinfo endpoint (OpenID Connect Core section 5.3).
    async fn wished_name(
        &self,
        metadata: &Metadata,
        claims: &Claims,
        access_token: Option<String>,
    ) -> Result<String, ProviderError> {
        if let Some(name) = self.name_in(&claims.others) {
            return Ok(name);
        }
        let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, access_token) else {
            return Ok(claims.sub.clone());
        };
        let request = self.ask.get(endpoint.clone()).bearer_auth(token);
        let told: Map<String, Value> = Ask::json(request).await?;
        if told.get("sub").and_then(Value::as_str) != Some(&claims.sub) {
            return Err(ProviderError::distrust("subject of the user's information"));
        }
        Ok(self.name_in(&told).unwrap_or_else(|| claims.sub.clone()))
    }

    fn name_in(&self, claims: &Map<String, Value>) -> Option<String> {
        claims.get(&self.name_claim).and_then(Value::as_str).map(str::to_owned)
    }
}

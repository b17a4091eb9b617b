//! Every route, as data: a test reads the same table and counts what it has no case for.

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// What a route shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Health,
    Token,
    TokenOfVersion2,
    OpenIdConfiguration,
    Invoices,
    Summary,
    Summaries,
    Invoice,
    UnbilledLineItems,
    LineItems,
    LineItemsOfPair,
    Statement,
    Export,
    ExportOperation,
    ExportManifest,
    EarlyBilledExport,
    EarlyUnbilledExport,
    EarlyOperation,
    EarlyManifest,
    ExportBlob,
    EstimateLinks,
    PartnerUsage,
    CustomersUsage,
    CustomerUsage,
    SubscriptionsUsage,
    SubscriptionUsage,
    MeterUsage,
    ResourceUsage,
    MeterUsageAsResources,
    DailyUsage,
    Utilization,
    Budget,
    NewBudget,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Anybody,
    /// A token whose role reads billing data.
    Token,
    /// Such a token, or the signature of a link that was handed out to one.
    TokenOrSignature,
    /// The signature of a link alone.
    Signature,
}

/// What a request does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// And `HEAD`.
    Get,
    Put,
    Patch,
    Post,
}

impl Verb {
    #[must_use]
    pub fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET | Method::HEAD => Some(Self::Get),
            Method::PUT => Some(Self::Put),
            Method::PATCH => Some(Self::Patch),
            Method::POST => Some(Self::Post),
            _ => None,
        }
    }

    /// As the header `Allow` has it.
    #[must_use]
    pub fn allowed(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
        }
    }
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub verb: Verb,
    /// Segments in the spelling of [`formats::vendor::request::normalise_path`]; `{…}` is any one.
    pub pattern: &'static str,
    pub resource: Resource,
    pub access: Access,
}

const fn route(pattern: &'static str, resource: Resource, access: Access) -> Route {
    Route { verb: Verb::Get, pattern, resource, access }
}

const fn post(pattern: &'static str, resource: Resource) -> Route {
    Route { verb: Verb::Post, pattern, resource, access: Access::Token }
}

const fn written(verb: Verb, pattern: &'static str, resource: Resource, access: Access) -> Route {
    Route { verb, pattern, resource, access }
}

const fn change(pattern: &'static str, resource: Resource) -> Route {
    Route { verb: Verb::Patch, pattern, resource, access: Access::Token }
}

/// The first one that fits counts, so fixed words stand above parameters.
pub const ROUTES: &[Route] = &[
    route("/healthz", Resource::Health, Access::Anybody),
    written(Verb::Post, "/{tenant}/oauth2/token", Resource::Token, Access::Anybody),
    written(Verb::Post, "/{tenant}/oauth2/v2.0/token", Resource::TokenOfVersion2, Access::Anybody),
    route("/{tenant}/v2.0/.well-known/openid-configuration", Resource::OpenIdConfiguration, Access::Anybody),
    route("/v1/invoices", Resource::Invoices, Access::Token),
    route("/v1/invoices/summary", Resource::Summary, Access::Token),
    route("/v1/invoices/summaries", Resource::Summaries, Access::Token),
    route("/v1/invoices/estimates/links", Resource::EstimateLinks, Access::Token),
    route("/v1/invoices/{invoice}", Resource::Invoice, Access::Token),
    route("/v1/invoices/unbilled/lineitems", Resource::UnbilledLineItems, Access::Token),
    route("/v1/invoices/{invoice}/lineitems", Resource::LineItems, Access::Token),
    route("/v1/invoices/{invoice}/lineitems/{provider}/{type}", Resource::LineItemsOfPair, Access::Token),
    route("/v1/invoices/{invoice}/documents/statement", Resource::Statement, Access::TokenOrSignature),
    // Exports; generated clients call the action by its long name.
    post("/v1.0/reports/partners/billing/{subject}/{state}/export", Resource::Export),
    post("/beta/reports/partners/billing/{subject}/{state}/export", Resource::Export),
    post("/v1.0/reports/partners/billing/{subject}/{state}/microsoft.graph.partners.billing.export", Resource::Export),
    post("/beta/reports/partners/billing/{subject}/{state}/microsoft.graph.partners.billing.export", Resource::Export),
    route("/v1.0/reports/partners/billing/operations/{operation}", Resource::ExportOperation, Access::Token),
    route("/beta/reports/partners/billing/operations/{operation}", Resource::ExportOperation, Access::Token),
    route("/v1.0/reports/partners/billing/manifests/{manifest}", Resource::ExportManifest, Access::Token),
    route("/beta/reports/partners/billing/manifests/{manifest}", Resource::ExportManifest, Access::Token),
    post("/v1/billedusage/invoices/{invoice}", Resource::EarlyBilledExport),
    post("/v1/unbilledusage", Resource::EarlyUnbilledExport),
    route("/v1/billingoperations/{operation}", Resource::EarlyOperation, Access::Token),
    route("/v1/billingmanifests/{manifest}", Resource::EarlyManifest, Access::Token),
    route("/exports/{folder}/v1/{export}/{blob}", Resource::ExportBlob, Access::Signature),
    route("/v1/usagesummary", Resource::PartnerUsage, Access::Token),
    route("/v1/customers/usagerecords", Resource::CustomersUsage, Access::Token),
    route("/v1/customers/{customer}/usagesummary", Resource::CustomerUsage, Access::Token),
    route("/v1/customers/{customer}/usagebudget", Resource::Budget, Access::Token),
    change("/v1/customers/{customer}/usagebudget", Resource::NewBudget),
    route("/v1/customers/{customer}/subscriptions/usagerecords", Resource::SubscriptionsUsage, Access::Token),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/usagesummary",
        Resource::SubscriptionUsage,
        Access::Token,
    ),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/meterusagerecords",
        Resource::MeterUsage,
        Access::Token,
    ),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/resourceusagerecords",
        Resource::ResourceUsage,
        Access::Token,
    ),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/usagerecords/resources",
        Resource::MeterUsageAsResources,
        Access::Token,
    ),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/usagerecords/daily",
        Resource::DailyUsage,
        Access::Token,
    ),
    route(
        "/v1/customers/{customer}/subscriptions/{subscription}/utilizations/azure",
        Resource::Utilization,
        Access::Token,
    ),
];

/// The decoded segments that stand for parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// `""` for one that the pattern does not have.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Why there is no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// Also for a segment that cannot be decoded: nothing is called so.
    UnknownPath,
    /// What the header `Allow` says.
    OtherVerbs(String),
}

/// The route of a normalised path. The first pattern that fits decides, whatever its verb.
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Route, Parameters), NoRoute> {
    let verb = Verb::of(method);
    let mut first: Option<&'static str> = None;
    let mut allowed = Vec::new();
    for route in ROUTES.iter() {
        if first.is_some_and(|pattern| pattern != route.pattern) {
            continue;
        }
        let Some(parameters) = match_pattern(route.pattern, path) else { continue };
        first = Some(route.pattern);
        if verb == Some(route.verb) {
            return Ok((route, parameters));
        }
        allowed.push(route.verb.allowed());
    }
    Err(if first.is_some() { NoRoute::OtherVerbs(allowed.join(", ")) } else { NoRoute::UnknownPath })
}

/// The parameters of a path that a pattern fits.
pub(crate) fn match_pattern(pattern: &'static str, path: &str) -> Option<Parameters> {
    let mut segments = path.split('/');
    let mut parameters = Vec::new();
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => parameters.push((name, percent_decode_str(segment).decode_utf8().ok()?.into_owned())),
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(Parameters(parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<(Resource, &[&str])>) {
        let found = find(&Method::GET, path).ok();
        let found = found.as_ref().map(|(route, parameters)| {
            (route.resource, parameters.0.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>())
        });
        assert_eq!(found, expected.map(|(resource, values)| (resource, values.to_vec())), "{path}");
    }

    #[test]
    fn fixed_words_win_over_parameters() {
        check("/v1/invoices", Some((Resource::Invoices, &[])));
        check("/v1/invoices/summary", Some((Resource::Summary, &[])));
        check("/v1/invoices/estimates/links", Some((Resource::EstimateLinks, &[])));
        check("/v1/customers/c/subscriptions/usagerecords", Some((Resource::SubscriptionsUsage, &["c"])));
        check("/v1/customers/c/subscriptions/s/usagerecords/daily", Some((Resource::DailyUsage, &["c", "s"])));
        check("/v1/invoices/G1", Some((Resource::Invoice, &["G1"])));
        check("/v1/invoices/unbilled", Some((Resource::Invoice, &["unbilled"])));
        check("/v1/invoices/unbilled/lineitems", Some((Resource::UnbilledLineItems, &[])));
        check("/v1/invoices/G%31/lineitems", Some((Resource::LineItems, &["G1"])));
        check("/v1/invoices/G1/lineitems/a/b", Some((Resource::LineItemsOfPair, &["G1", "a", "b"])));
    }

    #[test]
    fn other_paths_have_no_route() {
        for path in ["/", "/v1", "/invoices", "/v1/invoices/G1/lineitems/a", "/v1/invoices/%ff", "/v1/invoices/G1/x"] {
            check(path, None);
        }
    }

    #[test]
    fn a_path_says_what_can_be_done_with_it() {
        let other = find(&Method::DELETE, "/v1/invoices");
        assert_eq!(other, Err(NoRoute::OtherVerbs("GET, HEAD".to_owned())));
        let other = find(&Method::POST, "/v1/customers/c/usagebudget");
        assert_eq!(other, Err(NoRoute::OtherVerbs("GET, HEAD, PATCH".to_owned())));
        assert_eq!(find(&Method::POST, "/v1/nothing"), Err(NoRoute::UnknownPath));
    }
}

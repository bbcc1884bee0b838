//! The templates that Wiresign carries: one JSON file each in the folder of this module.

use std::sync::Arc;

use crate::config::parse_template;
use crate::template::{Algorithm, Template};

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The template of that id.
pub(crate) fn find(id: &str) -> Option<Arc<Template>> {
    let at = DOCUMENTS.binary_search_by_key(&id, |(id, _)| id).ok()?;
    let (id, document) = DOCUMENTS[at];
    Some(Arc::new(parse_template(id, document).expect("a test parses every template of the catalogue")))
}

/// The ids of all templates.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().map(|(id, _)| *id)
}

/// One scheme of the catalogue, for documentation and diagnosis.
pub struct CatalogueEntry {
    template: Arc<Template>,
    document: &'static str,
}

/// All schemes that Wiresign carries as data, sorted by their ids.
pub fn catalogue() -> impl Iterator<Item = CatalogueEntry> {
    DOCUMENTS.iter().filter_map(|(id, document)| Some(CatalogueEntry { template: find(id)?, document }))
}

impl CatalogueEntry {
    /// What a config calls the scheme.
    pub fn id(&self) -> &str {
        &self.template.id
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.template.title
    }

    /// The template, as JSON text.
    pub fn document(&self) -> &'static str {
        self.document
    }

    /// The algorithm's name, as templates have it.
    pub fn algorithm(&self) -> &'static str {
        let is_it = |(_, algorithm): &&(&str, Algorithm)| *algorithm == self.template.algorithm;
        Algorithm::ALL.iter().find(is_it).map_or("", |(name, _)| name)
    }

    /// The parts of a request that a signature covers, as the results of a verification name them.
    pub fn covered(&self) -> impl Iterator<Item = &str> {
        self.template.coverage.names.iter().map(|name| &**name)
    }

    /// The names of the headers that are read.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.template.header_names()
    }

    /// How far a timestamp may lie in the past and in the future, in seconds; `None` where the scheme has none, or leaves it to
    /// the config.
    pub fn window(&self) -> Option<(u64, u64)> {
        self.template.window.map(|window| (window.past, window.future))
    }

    /// Whether requests have a time that is signed, so that an old one can be told.
    pub fn has_timestamp(&self) -> bool {
        self.template.timestamp.is_some()
    }

    /// Whether the sender should know something better.
    pub fn is_legacy(&self) -> bool {
        self.template.legacy
    }

    /// Whether the config has to say under which URL the sender knows the endpoint.
    pub fn needs_url(&self) -> bool {
        self.template.needs_url()
    }

    /// Whether this can be signed with too.
    pub fn can_sign(&self) -> bool {
        self.template.can_sign()
    }

    /// Who signs so.
    pub fn sender(&self) -> &str {
        &self.template.about.sender
    }

    /// How to get the secret.
    pub fn secret(&self) -> &str {
        &self.template.about.secret
    }

    /// What else one has to know.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.template.about.notes.iter().map(|note| &**note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_of_the_catalogue_parses() {
        assert!(DOCUMENTS.is_sorted());
        for (id, document) in DOCUMENTS {
            if let Err(problems) = parse_template(id, document) {
                panic!("{id}: {problems:?}");
            }
        }
    }
}

//! Finds the headers of a template among those of a request.

use super::{Algorithm, HeaderNames, MAX_HEADERS, Part, SignaturePlace, Template};
use crate::header_name::HeaderName;
use crate::request::Headers;

/// What a plan looks for in each request.
pub(crate) struct Finder {
    /// Each name with its place among [`Collected::values`], by their lengths.
    names: Box<[(HeaderName, usize)]>,
    /// For each length the first name that is as long or longer, and behind them all the end of the names.
    from_length: [u8; LENGTHS + 1],
    two_names: Places,
    /// The headers that the message holds.
    signed: Places,
    /// The headers whose value may hold a comma that is none of its own, and be parsed all the same.
    loosely_parsed: Box<[usize]>,
    /// The header that alone holds signatures.
    signature: Option<usize>,
    count: usize,
}

/// The lengths that are told apart: the last one stands for all that are longer.
const LENGTHS: usize = 64;

/// A set of places, as bits.
type Places = u32;

/// Each header has a place for its first name, and behind all of those one for its second name.
const PLACES: usize = 2 * MAX_HEADERS;

/// The header fields that a template reads, as received.
#[derive(Default)]
pub(crate) struct Collected<'a> {
    values: [&'a [u8]; PLACES],
    present: Places,
    repeated: Places,
    /// Whether both names of the signature's header are there.
    has_both: bool,
}

impl Finder {
    pub(crate) fn new(template: &Template) -> Self {
        let headers = template.headers.iter().enumerate();
        let mut names: Vec<_> =
            headers.flat_map(|(at, header)| header.names.iter().zip([at, MAX_HEADERS + at])).collect();
        names.sort_by_key(|(name, _)| length(name.as_bytes()));
        let shorter_than = |most: usize| names.iter().filter(|(name, _)| length(name.as_bytes()) < most).count() as u8;
        let places = |is: &dyn Fn(usize, &HeaderNames) -> bool| {
            let all = template.headers.iter().enumerate();
            all.fold(0, |places, (at, header)| places | Places::from(is(at, header)) << at)
        };
        Self {
            from_length: std::array::from_fn(shorter_than),
            names: names.iter().map(|(name, place)| (HeaderName::new(name), *place)).collect(),
            two_names: places(&|_, header| header.names.len() == 2),
            signed: places(&|at, _| template.parts.contains(&Part::Header(at))),
            loosely_parsed: (0..template.headers.len()).filter(|&at| is_loosely_parsed(template, at)).collect(),
            signature: template.signature_header(),
            count: template.headers.len(),
        }
    }

    /// Picks the headers of the template.
    #[inline]
    pub(crate) fn collect<'a, H: Headers + ?Sized>(&self, headers: &'a H) -> Collected<'a> {
        let mut collected = Collected::default();
        self.collect_into(headers, &mut collected);
        collected
    }

    /// Picks the headers of the template in place of those that were picked before.
    #[inline(always)]
    pub(crate) fn collect_into<'a, H: Headers + ?Sized>(&self, headers: &'a H, collected: &mut Collected<'a>) {
        if collected.present != 0 {
            *collected = Collected::default();
        }
        headers.visit(|name, value| {
            // Most fields of a request have a length that no name has.
            let length = length(name);
            let names = usize::from(self.from_length[length])..usize::from(self.from_length[length + 1]);
            for (_, place) in self.names[names].iter().filter(|(own, _)| own.is(name)) {
                collected.repeated |= collected.present & 1 << place;
                collected.present |= 1 << place;
                collected.values[*place] = value;
            }
        });
        if self.two_names != 0 {
            self.choose_names(collected);
        }
    }

    /// Where the sender uses the second name of the signature's header, it uses those of all others too.
    fn choose_names(&self, collected: &mut Collected<'_>) {
        let Some(signature) = self.signature else { return };
        let (has_first, has_second) = (collected.has(signature), collected.has(MAX_HEADERS + signature));
        collected.has_both = has_first && has_second;
        if !has_second || has_first {
            return;
        }
        for at in (0..self.count).filter(|at| self.two_names >> at & 1 == 1) {
            let second = MAX_HEADERS + at;
            collected.values[at] = collected.values[second];
            for places in [&mut collected.present, &mut collected.repeated] {
                *places = (*places & !(1 << at)) | (*places >> second & 1) << at;
            }
        }
    }

    pub(crate) fn loosely_parsed(&self) -> impl Iterator<Item = usize> {
        self.loosely_parsed.iter().copied()
    }

    /// Whether each header that the message holds is there.
    #[inline]
    pub(crate) fn has_all_signed(&self, collected: &Collected<'_>) -> bool {
        self.signed & !collected.present == 0
    }
}

/// Timestamps, nonces, and a signature that stands alone in hex or base64 are not parsed with a comma in them. Nor is a list
/// that holds nothing but known items, with a space behind a comma.
fn is_loosely_parsed(template: &Template, at: usize) -> bool {
    let form = &template.signature;
    let is_signature = form.place == SignaturePlace::Header(at)
        && match &form.list {
            None => template.algorithm != Algorithm::Token && form.prefixes.iter().all(|prefix| !prefix.contains(',')),
            Some(list) => list.shows_joints(),
        };
    let is_parsed = is_signature || template.timestamp_header() == Some(at) || template.nonce == Some(at);
    !is_parsed && !template.may_hold_commas(at)
}

#[inline]
fn length(name: &[u8]) -> usize {
    name.len().min(LENGTHS - 1)
}

impl<'a> Collected<'a> {
    #[inline]
    pub(crate) fn has(&self, at: usize) -> bool {
        self.present >> at & 1 == 1
    }

    /// The value of a header by its position.
    #[inline]
    pub(crate) fn value(&self, at: usize) -> Option<&'a [u8]> {
        self.has(at).then(|| self.values[at])
    }

    /// Whether any of the headers came twice, by the name in use.
    #[inline]
    pub(crate) fn any_is_repeated(&self) -> bool {
        self.repeated & ((1 << MAX_HEADERS) - 1) != 0
    }

    #[inline]
    pub(crate) fn is_repeated(&self, at: usize) -> bool {
        self.repeated >> at & 1 == 1
    }

    /// The values by the positions of the headers; empty where one is not there.
    #[inline]
    pub(crate) fn values(&self) -> &[&'a [u8]] {
        &self.values[..MAX_HEADERS]
    }

    /// Whether both names of the header that holds signatures are there.
    #[inline]
    pub(crate) fn has_both_names(&self) -> bool {
        self.has_both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of lengths that are told apart, and of some that are not.
    #[test]
    fn names_of_all_lengths_are_found_and_no_others() {
        for lengths in [[3, 4, 5], [11, 11, 12], [61, 62, 63], [62, 63, 64], [63, 64, 90]] {
            let name = |at: usize| format!("{}{at}", "X".repeat(lengths[at] - 1));
            let names: Vec<String> = (0..lengths.len()).map(name).collect();
            let document = serde_json::json!({
                "algorithm": "hmac-sha256",
                "message": ["timestamp", ".", "body"],
                "signature": {"header": names[0], "encoding": "hex"},
                "timestamp": {"header": names[1]},
                "caller": {"header": names[2]},
            });
            let template = crate::config::parse_template("some", &document.to_string()).expect("a good template");
            let finder = Finder::new(&template);
            for sent in &names {
                let longer = format!("{sent}0");
                let headers = [(sent.to_lowercase(), "own"), (longer, "other"), (sent[1..].into(), "other")];
                let collected = finder.collect(&headers);
                let at = template.headers.iter().position(|header| *header.names[0] == **sent).expect("it is read");
                assert_eq!(collected.value(at), Some(&b"own"[..]), "{sent}");
                assert_eq!(collected.present.count_ones(), 1, "{sent}");
            }
        }
    }
}

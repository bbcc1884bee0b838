//! Makes a question that shows something as small as it can be, by leaving things out as long as it still shows.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::draft::text;
use super::question::Question;
use crate::step::{Request, Step};
use crate::text::Text;

/// The smallest question that was found in this time. `shows` asks the drivers.
pub(crate) fn shrink(question: Question, time: Duration, mut shows: impl FnMut(&Question) -> bool) -> Question {
    let mut smallest = question;
    let started = Instant::now();
    let mut rounds = 0;
    loop {
        let before = size(&smallest);
        let stages: [fn(&Question) -> Vec<Question>; 4] =
            [fewer_steps, simpler_requests, simpler_config, fewer_variables];
        for stage in stages {
            // Each success opens new ways, so the stage begins anew.
            'again: loop {
                for candidate in stage(&smallest) {
                    if started.elapsed() > time {
                        return smallest;
                    }
                    if size(&candidate) < size(&smallest) && shows(&candidate) {
                        smallest = candidate;
                        continue 'again;
                    }
                }
                break;
            }
        }
        rounds += 1;
        if size(&smallest) == before || rounds == 8 {
            return smallest;
        }
    }
}

fn size(question: &Question) -> usize {
    question.line("").len()
}

fn fewer_steps(question: &Question) -> Vec<Question> {
    let count = question.steps.len();
    let mut candidates = Vec::new();
    let mut length = count;
    while length > 1 {
        length /= 2;
        for start in (0..count).step_by(length) {
            let end = (start + length).min(count);
            if end - start == count {
                continue;
            }
            let mut fewer = question.clone();
            fewer.steps.drain(start..end);
            fewer.cases.drain(start..end);
            candidates.push(fewer);
        }
    }
    candidates
}

fn simpler_requests(question: &Question) -> Vec<Question> {
    let mut candidates = Vec::new();
    for (index, step) in question.steps.iter().enumerate() {
        for simpler in simpler_steps(step) {
            let mut candidate = question.clone();
            candidate.steps[index] = simpler;
            candidates.push(candidate);
        }
    }
    candidates
}

fn simpler_steps(step: &Step) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Step::VerifyStream { now, request, .. } = step {
        steps.push(Step::Verify { now: *now, request: request.clone() });
        steps.push(Step::VerifyStream { now: *now, request: request.clone(), chunks: Vec::new() });
    }
    if let Step::SignContext { roles, .. } | Step::VerifyContext { roles, .. } = step {
        for length in [0, 1, roles.len() / 2] {
            let mut fewer = step.clone();
            if let Step::SignContext { roles, .. } | Step::VerifyContext { roles, .. } = &mut fewer {
                roles.truncate(length);
                steps.push(fewer);
            }
        }
    }
    if let Step::Replace { config } = step {
        steps.extend(simpler_values(config).into_iter().map(|config| Step::Replace { config }));
    }
    if let Step::Verify { request, .. }
    | Step::VerifyStream { request, .. }
    | Step::Explain { request, .. }
    | Step::Handshake { request, .. }
    | Step::AskIdentity { request, .. }
    | Step::Sign { request, .. } = step
    {
        for simpler in simpler_request(request) {
            let mut candidate = step.clone();
            if let Step::VerifyStream { chunks, .. } = &mut candidate {
                chunks.clear();
            }
            match &mut candidate {
                Step::Verify { request, .. }
                | Step::VerifyStream { request, .. }
                | Step::Explain { request, .. }
                | Step::Handshake { request, .. }
                | Step::AskIdentity { request, .. }
                | Step::Sign { request, .. } => *request = simpler,
                _ => {}
            }
            steps.push(candidate);
        }
    }
    steps
}

fn simpler_request(request: &Request) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut with = |change: &dyn Fn(&mut Request)| {
        let mut simpler = request.clone();
        change(&mut simpler);
        requests.push(simpler);
    };
    with(&|request| request.headers.clear());
    with(&|request| request.authority = None);
    with(&|request| request.method = Text::Plain("GET".to_owned()));
    with(&|request| request.target = Text::Plain("/".to_owned()));
    for index in 0..request.headers.len() {
        with(&|request| {
            request.headers.remove(index);
        });
        with(&|request| request.headers[index].1 = Text::Plain(String::new()));
        for shorter in shorter(&request.headers[index].1) {
            with(&|request| request.headers[index].1 = shorter.clone());
        }
    }
    for shorter in shorter(&request.body) {
        with(&|request| request.body = shorter.clone());
    }
    for shorter in shorter(&request.target) {
        with(&|request| request.target = shorter.clone());
    }
    let is_short = request.method.bytes().len() <= 4;
    for shorter in if is_short { Vec::new() } else { shorter(&request.method) } {
        with(&|request| request.method = shorter.clone());
    }
    requests
}

/// The bytes without one of their halves, quarters, and so on down to single bytes where there are few.
fn shorter(bytes: &Text) -> Vec<Text> {
    let bytes = bytes.bytes();
    let mut texts = Vec::new();
    let mut length = bytes.len();
    while length > 1 && texts.len() < 40 {
        length = length.div_ceil(2);
        for start in (0..bytes.len()).step_by(length) {
            let rest = [&bytes[..start], &bytes[(start + length).min(bytes.len())..]].concat();
            texts.push(text(&rest));
        }
    }
    texts
}

fn simpler_config(question: &Question) -> Vec<Question> {
    let Ok(document) = serde_json::from_str::<Value>(&question.config_text) else {
        return shorter(&Text::Plain(question.config_text.clone()))
            .into_iter()
            .filter_map(|text| match text {
                Text::Plain(text) => Some(Question { config_text: text, ..question.clone() }),
                Text::Base64(_) => None,
            })
            .collect();
    };
    let candidates = simpler_values(&document).into_iter();
    candidates.map(|document| Question { config_text: document.to_string(), ..question.clone() }).collect()
}

fn fewer_variables(question: &Question) -> Vec<Question> {
    let names = question.env.keys();
    names
        .map(|name| {
            let mut fewer = question.clone();
            fewer.env.remove(name);
            fewer
        })
        .collect()
}

/// The value with one member or item less, at any depth.
fn simpler_values(value: &Value) -> Vec<Value> {
    let mut values = Vec::new();
    match value {
        Value::Object(members) => {
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                values.push(Value::Object(fewer));
            }
            for (name, member) in members {
                for simpler in simpler_values(member) {
                    let mut changed = members.clone();
                    changed.insert(name.clone(), simpler);
                    values.push(Value::Object(changed));
                }
            }
        }
        Value::Array(items) => {
            for index in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(index);
                values.push(Value::Array(fewer));
            }
            for (index, item) in items.iter().enumerate() {
                for simpler in simpler_values(item) {
                    let mut changed = items.clone();
                    changed[index] = simpler;
                    values.push(Value::Array(changed));
                }
            }
        }
        _ => {}
    }
    values
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::shrink;
    use crate::diff::question::Question;
    use serde_json::json;

    #[test]
    fn only_what_is_needed_is_left() {
        let env = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
        let mut question =
            Question::new(json!({"service": "a", "routes": [{"match": "/"}, {"match": "/b"}]}).to_string(), env);
        for case in 0..9 {
            let step = json!({"op": "verify", "now": 1, "request": {"method": "POST", "target": format!("/{case}?q"),
                "headers": [["A", "1"], ["Bad", "needle in hay"]], "body": "hay needle hay"}});
            question.push(case, serde_json::from_value(step).unwrap());
        }
        let smallest = shrink(question, Duration::from_secs(60), |question| {
            question.config_text.contains("/b")
                && question
                    .steps
                    .iter()
                    .any(|step| serde_json::to_string(&step).unwrap().matches("needle").count() == 2)
        });
        assert_eq!(smallest.config_text, r#"{"routes":[{"match":"/b"}]}"#);
        assert!(smallest.env.is_empty());
        assert_eq!(
            serde_json::to_value(&smallest.steps).unwrap(),
            json!([{"op": "verify", "now": 1, "request":
                {"method": "GET", "target": "/", "headers": [["Bad", "needle"]], "body": "needle"}}])
        );
    }
}

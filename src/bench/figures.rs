//! Figures as people read them.

use std::time::Duration;

/// The middle of the values, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(*sorted.get(middle - 1)?, upper)) }
}

/// What this part of the times does not exceed, in milliseconds; 0 without any.
pub fn quantile_ms(times: &mut [Duration], quantile: f64) -> f64 {
    times.sort_unstable();
    let place = (times.len() as f64 * quantile).ceil() as usize;
    times.get(place.saturating_sub(1)).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// Three figures are enough; large numbers are grouped.
pub fn number(value: f64) -> String {
    if value < 100.0 {
        let digits = if value < 10.0 { 2 } else { 1 };
        // A whole budget is printed as it was written.
        return if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.digits$}") };
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{median, number, quantile_ms};

    #[test]
    fn figures_are_what_they_are_called() {
        assert_eq!((median(&[]), median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0])), (None, Some(2.0), Some(2.5)));
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!((quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99)), (50.0, 99.0));
        assert_eq!((quantile_ms(&mut times[..1], 0.99), quantile_ms(&mut [], 0.5)), (1.0, 0.0));
        assert_eq!([0.256, 24.0, 43.21, 1234.4].map(number), ["0.26", "24", "43.2", "1,234"]);
    }
}

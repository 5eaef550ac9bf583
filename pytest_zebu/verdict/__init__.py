"""From judgements to a verdict: outcomes, what people declared, readiness. It knows neither pytest nor ssh."""

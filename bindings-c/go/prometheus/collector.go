// Package prometheus collects the counters of a verifier.
//
//	registry.MustRegister(wiresignprometheus.NewCollector(verifier))
package prometheus

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// A Collector gives the counters of one verifier, under the names that they have in every language.
type Collector struct {
	verifier *wiresign.Verifier
}

// NewCollector makes a collector to be registered.
func NewCollector(verifier *wiresign.Verifier) *Collector {
	return &Collector{verifier: verifier}
}

// Describe describes nothing: which counters there are is for the library to say, and may grow.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads the counters as they stand.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	text, err := c.verifier.Metrics()
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		return
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		return
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			metrics <- counterOf(family, metric)
		}
	}
}

func counterOf(family *dto.MetricFamily, metric *dto.Metric) prometheus.Metric {
	var names, values []string
	for _, label := range metric.GetLabel() {
		names = append(names, label.GetName())
		values = append(values, label.GetValue())
	}
	description := prometheus.NewDesc(family.GetName(), family.GetHelp(), names, nil)
	kind, value := prometheus.CounterValue, metric.GetCounter().GetValue()
	if family.GetType() != dto.MetricType_COUNTER {
		kind, value = prometheus.GaugeValue, metric.GetGauge().GetValue()
	}
	counted, err := prometheus.NewConstMetric(description, kind, value, values...)
	if err != nil {
		return prometheus.NewInvalidMetric(description, err)
	}
	return counted
}

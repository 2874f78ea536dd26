/** Where intermediates lie: liveness, placement in a backend's pools, and the printed plan. */
package dev.unnoise.graph.plan;

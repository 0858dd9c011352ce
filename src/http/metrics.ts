// Figures for Prometheus, in a registry of their own: counters for the parts to call, gauges that ask when they are read.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Connections of this node of one kind. */
export interface ConnectionCount {
  namespace: string;
  /** `websocket`, `polling`, or the name of a raw dialect. */
  transport: string;
  connections: number;
}

/** What is asked whenever the figures are read. */
export interface MetricsSources {
  connections: () => Iterable<ConnectionCount>;
  redis: () => "none" | "up" | "down";
}

/** One answered call. `route` is the pattern, never the path, so that the number of series stays small. */
export interface HttpObservation {
  method: string;
  route: string;
  status: number;
  seconds: number;
}

/** The figures of one node. */
export interface Metrics {
  /** Events that this node has committed, by kind of channel. */
  eventsAppended(kind: string, events?: number): void;
  /** Frames handed to connections of this node, by namespace. */
  delivered(namespace: string, deliveries?: number): void;
  /** Connection attempts that were refused, by code of the error table. */
  refused(code: string): void;
  /** Frames that could not be understood: from clients by dialect, or from other nodes (`redis`). */
  malformedFrame(source: string): void;
  /** Messages to other nodes that Redis did not take. */
  droppedMessage(): void;
  /** Calls of the HTTP API. */
  http(observation: HttpObservation): void;
  /** Prometheus' text format, version 0.0.4. */
  text(): Promise<string>;
  /** The media type of {@link text}. */
  readonly contentType: string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Creates the metrics of one node, with those of the process (CPU, memory, lag of the event loop, garbage collection). */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });

  const appended = counter("classwire_events_appended_total", "Durable events committed by this node", "kind");
  const deliveries = counter("classwire_deliveries_total", "Frames handed to connections of this node", "namespace");
  const refusals = counter("classwire_refused_attempts_total", "Refused connection attempts", "code");
  const malformed = counter("classwire_malformed_frames_total", "Frames that could not be understood", "source");
  const dropped = counter("classwire_redis_dropped_messages_total", "Messages to other nodes that Redis did not take");
  const calls = new Histogram({
    name: "classwire_http_request_seconds",
    help: "Time to answer calls of the HTTP API",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: "classwire_connections",
    help: "Connections of this node",
    labelNames: ["namespace", "transport"],
    registers,
    collect() {
      this.reset();
      for (const { connections, ...labels } of sources.connections()) this.inc(labels, connections);
    },
  });
  new Gauge({
    name: "classwire_redis_up",
    help: "1 when Redis answers, 0 when it does not; -1 on a single node without Redis",
    registers,
    collect() {
      this.set({ none: -1, down: 0, up: 1 }[sources.redis()]);
    },
  });

  return {
    eventsAppended: (kind, events = 1) => appended.inc({ kind }, events),
    delivered: (namespace, count = 1) => deliveries.inc({ namespace }, count),
    refused: (code) => refusals.inc({ code }),
    malformedFrame: (source) => malformed.inc({ source }),
    droppedMessage: () => dropped.inc(),
    http: ({ method, route, status, seconds }) => calls.observe({ method, route, status }, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

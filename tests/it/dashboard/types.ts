// What Grafana publishes of its dashboards, as JSON spells it; the test puts the dashboards below.
import type * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type * as units from "@grafana/grafana-foundation-sdk/units";

type Method = (...all: never[]) => unknown;

/** JSON has no methods, and has the values of enumerations instead of their names. */
type Json<T> = 0 extends 1 & T
  ? any
  : T extends string
    ? `${T}`
    : T extends (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T as T[K] extends Method ? never : K]: Json<T[K]> }
        : T;

type Unit = (typeof units)[keyof typeof units];

/** The types leave open what differs by the type of a panel, so it is said here. */
type Custom = "type" | "targets" | "options" | "fieldConfig";
interface Timeseries extends Omit<Json<grafana.Panel>, Custom> {
  id: number;
  type: "timeseries";
  title: string;
  gridPos: Json<grafana.GridPos>;
  targets: (Json<prometheus.Dataquery> & { legendFormat: string })[];
  options: Json<timeseries.Options>;
  fieldConfig: Omit<Json<grafana.FieldConfigSource>, "defaults"> & {
    defaults: Omit<Json<grafana.FieldConfig>, "custom" | "unit"> & {
      custom: Json<timeseries.FieldConfig>;
      unit: Unit;
    };
  };
}
type Dashboard = Omit<Json<grafana.Dashboard>, "panels"> & {
  panels: (Timeseries | Json<grafana.RowPanel>)[];
};


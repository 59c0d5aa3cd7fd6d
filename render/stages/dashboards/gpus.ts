/** Dashboard of the cards: NVIDIA's exporter. */
import type { Dashboard, Panel } from "./panels";

const mebibyte = 2 ** 20;

const card = (title: string, description: string, unit: string, expr: string, max?: number): Panel => ({
  title,
  description,
  unit,
  curves: [{ expr: `max by (Hostname, gpu, modelName) (${expr})`, legend: "{{Hostname}} {{gpu}} {{modelName}}" }],
  ...(max === undefined ? {} : { max }),
});

const here = 'Hostname=~"$Hostname"';

/** Memory, power and temperature of each card. */
export const gpus: Dashboard = {
  uid: "tokenrack-gpus",
  title: "Tokenrack: GPUs",
  variables: [{ name: "Node", label: "Hostname", metric: "DCGM_FI_DEV_GPU_TEMP" }],
  panels: [
    card(
      "Memory in use",
      "vLLM takes its share at the start and keeps it.",
      "bytes",
      `DCGM_FI_DEV_FB_USED{${here}} * ${mebibyte}`,
    ),
    card("Memory free", "Below 1 GiB a longer prompt may fail.", "bytes", `DCGM_FI_DEV_FB_FREE{${here}} * ${mebibyte}`),
    card("Power", "Flat at the limit: the card is as fast as it is let.", "watt", `DCGM_FI_DEV_POWER_USAGE{${here}}`),
    card("Temperature", "Above 83 to 90 degrees cards slow down.", "celsius", `DCGM_FI_DEV_GPU_TEMP{${here}}`),
    card(
      "Busy",
      "Share of time with a kernel running; says nothing of how well.",
      "percent",
      `DCGM_FI_DEV_GPU_UTIL{${here}}`,
      100,
    ),
    card("Last Xid", "The driver's last error of the card; 0 is none.", "short", `DCGM_FI_DEV_XID_ERRORS{${here}}`),
    card("Clock of the cores", "Falls under heat or a power cap.", "hertz", `DCGM_FI_DEV_SM_CLOCK{${here}} * 1000000`),
    {
      title: "Energy",
      description: "Of all cards, in watt hours an hour.",
      unit: "watt",
      curves: [{ expr: `sum(DCGM_FI_DEV_POWER_USAGE{${here}})`, legend: "all cards" }],
    },
  ],
};

/** Parts of `cluster`: what Deckhouse puts on its nodes. */
import * as z from "zod";
import { certificates } from "./clusterAccess";
import { flag, text, word } from "./values";

const packageText = 'a package by name and exact version, like "nvidia-driver-580-server=580.105.08-0ubuntu0.24.04.1"';

/** `cluster.nvidia`: what the GPU nodes get from Deckhouse, and what is left to NVIDIA's GPU Operator. */
export const nvidiaSchema = z.strictObject(
  {
    /** Who installs the driver: the operator in a container, or Deckhouse by packages. @default "operator" */
    driver: word(["operator", "node"]).default("operator"),
    /** Packages of the driver for `driver: node`, of the nodes' own Debian or Ubuntu. */
    driverPackages: z
      .array(text(/^[a-z0-9][a-z0-9.+-]*=\d[\w.+:~-]*$/, packageText), { error: `a list, each ${packageText}` })
      .default([]),
    /** Who installs the container toolkit and tells containerd of it; `node` is for Debian and Ubuntu. @default "node" */
    toolkit: word(["operator", "node"]).default("node"),
    /** Whether every pod on a GPU node runs under NVIDIA's runtime, and not only those that ask for it. @default false */
    defaultRuntime: flag().default(false),
  },
  { error: "a group of keys: driver, driverPackages, toolkit, defaultRuntime" },
);

const proxyText = 'a proxy without a login, like "http://proxy.my.org:3128"';
const proxyUrl = () => text(/^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/?$/, proxyText);

/** `cluster.proxy`: the nodes' way out to the internet. */
export const proxySchema = z.strictObject(
  {
    /** Proxy for plain http. @default none */
    httpProxy: proxyUrl().optional(),
    /** Proxy for https. @default none */
    httpsProxy: proxyUrl().optional(),
    /** Addresses, networks and domains that are reached directly, besides the cluster's own. @default none */
    noProxy: z
      .array(text(/^[A-Za-z0-9*.:/-]+$/, "an address, a network or a domain"), { error: "a list of texts" })
      .default([]),
  },
  { error: "a group of keys: httpProxy, httpsProxy, noProxy" },
);

/** An entry of `cluster.registryCertificates`: a registry whose certificate the nodes have to be told to trust. */
export const registryCertificateSchema = z.strictObject(
  {
    /** Host, and port where it has one. */
    host: text(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/, 'a host like "gitlab.my.org:5050"'),
    /** The CA's certificate. */
    ca: certificates(),
  },
  { error: "a registry: host and ca" },
);

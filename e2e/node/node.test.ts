import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { images, imageReference } from "../../catalog/images";
import { isAlive } from "../../local/processes";
import { Kubectl } from "../support/kubectl";
import { interfaceName } from "./marks";
import { startRack, type Rack, type RackNode } from "./rack";
import { machineState, namespacesOf, podProcesses, processesIn, tracesOf, type RackNamespaces } from "./traces";

const BUILDS_MS = 60 * 60_000;
const node = imageReference(images.node);
const plain: RackNode = { name: "n1", labels: { "my.org/pool": "std" }, taints: [] };
const tainted: RackNode = {
  name: "n2",
  labels: { "my.org/pool": "gpu" },
  taints: [{ key: "dedicated", value: "gpu", effect: "NoExecute" }],
};

/** Answers with its user, the address that asks, and whether it could write to its root. */
const server = `const fs = require("node:fs");
let root = "written";
try { fs.writeFileSync("/x", ""); } catch (error) { root = error.code; }
require("node:http").createServer((request, answer) => answer.end(process.getuid() + " " + root)).listen(8080);`;

/** Prints what an address answers, as soon as it does. */
const client = (url: string): string => `(async () => {
  for (let tries = 0; tries < 120; tries += 1) {
    try { return console.log(await (await fetch("${url}")).text()); } catch { /* Not yet. */ }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  process.exit(1);
})()`;

const restricted = {
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

function pod(name: string, script: string, more: object = {}, container: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      ...more,
      containers: [
        { name: "main", image: node, command: ["node", "-e", script], securityContext: restricted, ...container },
      ],
    },
  };
}

const service = (name: string, ports: object, type = "ClusterIP"): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { type, selector: { app: name }, ports: [ports] },
});

async function get(url: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text();
    } catch (error) {
      if (tries === 60) throw error;
      await sleep(500);
    }
  }
}

describe("a Kubernetes cluster with nodes on one machine", function () {
  this.timeout(180_000);
  const machineBefore = machineState();
  let directory: string;
  let rack: Rack;
  let kubectl: Kubectl;
  let namespaces: RackNamespaces;

  const apply = async (...objects: readonly object[]): Promise<void> => {
    const file = path.join(directory, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    await kubectl.run("apply", "-f", file);
  };
  const until = (object: string, condition: string): Promise<string> =>
    kubectl.run("wait", object, `--for=${condition}`, "--timeout=120s");
  const succeeded = "jsonpath={.status.phase}=Succeeded";

  before(async function () {
    this.timeout(BUILDS_MS);
    directory = mkdtempSync(path.join(tmpdir(), "tokenrack rack-"));
    rack = await startRack({ directory, images: [node], onProgress: (line) => console.log(`      ${line}`) });
    namespaces = namespacesOf(rack.enter);
    kubectl = await Kubectl.with(rack.kubeconfigFile);
    await rack.addNode(plain);
  });
  afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    for (const kind of ["pods", "events"])
      console.log(await kubectl.run("get", kind, "--all-namespaces", "-o", "wide"));
  });
  after(async () => {
    await rack?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("runs a pod that is not root and cannot write, which another reaches by the name of its Service", async () => {
    await apply(
      service("web", { port: 80, targetPort: 8080, nodePort: 30080 }, "NodePort"),
      pod("web", server),
      pod("asks", client("http://web.default.svc/")),
    );
    await until("pod/asks", succeeded);
    assert.equal(await kubectl.run("logs", "asks"), "1000 EROFS");
    assert.equal(await kubectl.run("exec", "web", "--", "node", "--print", "process.getuid()"), "1000");
  });

  it("is reached from the machine: a Service, a node's port, a pod", async () => {
    const serviceAddress = await kubectl.value("service/web", ".spec.clusterIP");
    const podAddress = await kubectl.value("pod/web", ".status.podIP");
    for (const address of [serviceAddress, `${rack.gatewayAddress}:30080`, `${podAddress}:8080`]) {
      assert.equal(await get(`http://${address}/`), "1000 EROFS", address);
    }
  });

  it("pods reach a program inside the rack, and the API by its usual name", async () => {
    const [command = "", ...args] = rack.enter;
    const hub = `require("node:http").createServer((request, answer) => answer.end("hub")).listen(9000, "${rack.gatewayAddress}")`;
    const inside = spawn(command, [...args, process.execPath, "-e", hub], { stdio: "ignore" });
    try {
      const script = `${client(`http://${rack.gatewayAddress}:9000/`)}.then(() => require("node:net")
        .connect(443, "kubernetes.default.svc", () => { console.log("API"); process.exit(0); }))`;
      await apply(pod("reaches", script));
      await until("pod/reaches", succeeded);
      assert.equal(await kubectl.run("logs", "reaches"), "hub\nAPI");
      assert.equal(await get(`http://${rack.gatewayAddress}:9000/`), "hub");
    } finally {
      inside.kill();
    }
  });

  it("a pod that asks for a GPU waits until its node has one", async () => {
    const resources = { limits: { "nvidia.com/gpu": "1" } };
    const metadata = { name: "nvidia" };
    await apply({ apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata, handler: "nvidia" });
    await apply(pod("gpu", "console.log('ran')", { runtimeClassName: "nvidia" }, { resources }));
    await until("pod/gpu", "jsonpath={.status.conditions[0].reason}=Unschedulable");
    const status = { status: { capacity: { "nvidia.com/gpu": "1" }, allocatable: { "nvidia.com/gpu": "1" } } };
    await kubectl.patch("node/n1", status, "default", "--subresource=status");
    await until("pod/gpu", succeeded);
  });

  it("nodes keep their labels and taints, and their pods talk to each other", async () => {
    await rack.addNode(tainted);
    assert.equal(await kubectl.value("node/n2", ".spec.taints[0].effect"), "NoExecute");
    const there = { nodeSelector: { "my.org/pool": "gpu" }, tolerations: [{ operator: "Exists" }] };
    await apply(pod("far", server, there), service("far", { port: 80, targetPort: 8080 }));
    await apply(pod("near", client("http://far.default.svc/")));
    await until("pod/near", succeeded);
    assert.equal(await kubectl.value("pod/far", ".spec.nodeName"), "n2");
    assert.equal(await kubectl.value("pod/near", ".spec.nodeName"), "n1");
  });

  it("the API server starts again, with what it knew; pods have not noticed", async () => {
    const started = await kubectl.value("pod/web", ".status.containerStatuses[0].state.running.startedAt");
    await rack.restartServer();
    assert.equal(await kubectl.value("pod/web", ".status.containerStatuses[0].state.running.startedAt"), started);
    await apply(pod("later", "console.log('ran')"));
    await until("pod/later", succeeded);
  });

  it("a node that is removed takes its pods along; Services work on", async () => {
    const far = await kubectl.value("pod/far", ".status.podIP");
    await rack.removeNode("n1");
    assert.equal(await kubectl.run("get", "nodes", "-o", "name"), "node/n2");
    assert.equal(await get(`http://${far}:8080/`), "1000 EROFS");
    assert.equal(await get(`http://${await kubectl.value("service/far", ".spec.clusterIP")}/`), "1000 EROFS");
  });

  it("a node that does not come up leaves nothing in its own way: it comes up when what was wrong is mended", async () => {
    const name = "mended";
    // A kubelet may not give itself labels of Kubernetes' own.
    const wrong = { name, labels: { "node-role.kubernetes.io/own": "" }, taints: [] };
    await assert.rejects(rack.addNode(wrong), /kubelet-mended has ended/);
    await rack.addNode({ ...wrong, labels: {} });
    await rack.removeNode(name);
  });

  it("touches nothing of the machine, and listens on nothing there", () => {
    const processes = processesIn(namespaces);
    assert.ok(processes.length > 10);
    assert.deepEqual(
      processes.filter(({ net }) => net !== undefined && net !== namespaces.net && net === namespacesOfThis().net),
      [],
    );
    assert.deepEqual(machineState(), machineBefore);
  });

  it("leaves nothing when it is stopped", async () => {
    const [mark = ""] = readdirSync(directory).filter((name) => name.startsWith("tokenrack-rack-"));
    const traces = (): readonly string[] => tracesOf(mark, interfaceName(mark), directory);
    assert.ok(traces().length > 3);
    const pods = podProcesses(mark);
    assert.ok(pods.length > 1);
    await rack.stop();
    assert.deepEqual(processesIn(namespaces), []);
    assert.deepEqual(pods.filter(isAlive), []);
    assert.deepEqual(traces(), []);
    assert.deepEqual(machineState(), machineBefore);
  });
});

const namespacesOfThis = (): RackNamespaces => namespacesOf([`--target=${process.pid}`]);

describe("a rack whose starter is killed", function () {
  this.timeout(180_000);

  it("leaves no process, and the next one removes the rest", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "tokenrack rack-"));
    const code = `require(${JSON.stringify(path.join(__dirname, "rack"))})
      .startRack({ directory: ${JSON.stringify(directory)}, images: [${JSON.stringify(node)}] })
      .then(async (rack) => {
        await rack.addNode(${JSON.stringify(plain)});
        console.log("in " + JSON.stringify([rack.kubeconfigFile, ...rack.enter]));
        setInterval(() => undefined, 1000);
      })`;
    const child = spawn(process.execPath, ["--import", "tsx", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    const said = await new Promise<string>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        const found = /^in (.*)$/m.exec(chunk.toString())?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    const [kubeconfig = "", ...enter] = JSON.parse(said) as string[];
    const namespaces = namespacesOf(enter);
    const [mark = ""] = readdirSync(directory).filter((name) => name.startsWith("tokenrack-rack-"));
    const kubectl = await Kubectl.with(kubeconfig);
    const file = path.join(directory, "pod.json");
    writeFileSync(file, JSON.stringify(pod("web", server)));
    await kubectl.run("apply", "-f", file);
    await kubectl.run("wait", "pod/web", "--for=condition=Ready", "--timeout=120s");
    const pods = podProcesses(mark);
    assert.equal(pods.length, 2);
    assert.ok(processesIn(namespaces).length > 8);

    child.kill("SIGKILL");
    await once(child, "exit");
    for (let tries = 0; tries < 100 && processesIn(namespaces).length > 0; tries += 1) await sleep(100);
    assert.deepEqual(processesIn(namespaces), []);
    assert.deepEqual(pods.filter(isAlive), []);
    assert.ok(tracesOf(mark, interfaceName(mark), directory).length > 0);

    const next = await startRack({ directory, images: [] });
    try {
      assert.deepEqual(tracesOf(mark, interfaceName(mark), directory), []);
    } finally {
      await next.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

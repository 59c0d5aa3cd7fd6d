import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChoices, writeChoices } from "../../cli/choices";
import { houseOf, openHouse, stackName, type House } from "../../cli/house";
import { choosePorts, heldPorts, isFree } from "../../cli/ports";
import { releasePorts, reservePort } from "../../cli/reservations";
import { portDefaults } from "../../config/schema";
import { markOf } from "../../local/processes";
import { Children, errorOf, freePort, occupy, Place, waits } from "../support/fixtures";

const none: ReadonlySet<number> = new Set();

describe("ports of a start", () => {
  let place: Place;
  let house: House;
  let opened: { close: () => Promise<void> }[];
  beforeEach(() => {
    place = new Place();
    house = { ...houseOf(place.directory), reservations: place.path("reserved") };
    openHouse(house);
    opened = [];
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    place.remove();
  });
  /** Takes a port, unless another program of this machine has it already. */
  const take = async (port: number, host?: string): Promise<void> => {
    if (await isFree(port)) opened.push(await occupy(port, host));
  };

  it("are free unless somebody listens, on loopback, on all interfaces or on another one", async () => {
    const port = await freePort();
    assert.equal(await isFree(port), true);
    const loopback = await occupy(port);
    assert.equal(await isFree(port), false);
    await loopback.close();
    // The last one is another address of this machine: Ray binds some ports to all of them.
    for (const host of ["0.0.0.0", "127.0.0.2"]) {
      const other = await occupy(port, host);
      const free = await isFree(port);
      await other.close();
      assert.equal(free, false, host);
    }
  });

  it("are the defaults where they are free, and free ones where they are taken", async () => {
    await take(portDefaults.gateway);
    await take(portDefaults.rayGcs, "0.0.0.0");
    const ports = await choosePorts({}, none, house);
    assert.deepEqual(Object.keys(ports), Object.keys(portDefaults));
    assert.notEqual(ports.gateway, portDefaults.gateway);
    assert.notEqual(ports.rayGcs, portDefaults.rayGcs);
    for (const [name, port] of Object.entries(ports)) assert.equal(await isFree(port), true, name);
    assert.equal(new Set(Object.values(ports)).size, 5);
  });

  it("are as the stack file pins them, taken or not: that is for a fault to say", async () => {
    const { port, close } = await occupy();
    opened.push({ close });
    writeChoices({ ports: { ...portDefaults, gateway: 23456 } }, house);
    assert.equal((await choosePorts({ gateway: port }, none, house)).gateway, port);
  });

  it("are never two of the same, also when a pinned one is another's default or choice", async () => {
    for (const gateway of [
      portDefaults.serve,
      portDefaults.rayGcs,
      portDefaults.rayDashboard,
      portDefaults.rayClient,
    ]) {
      const ports = await choosePorts({ gateway }, none, house);
      assert.equal(ports.gateway, gateway);
      assert.equal(new Set(Object.values(ports)).size, 5);
    }
    writeChoices({ ports: { ...portDefaults, rayClient: 23456 } }, house);
    const later = await choosePorts({ serve: 23456 }, none, house);
    assert.equal(later.serve, 23456);
    assert.notEqual(later.rayClient, 23456);
  });

  it("stay what they were while the stack itself listens there, and not when another program does", async () => {
    const { port, close } = await occupy();
    opened.push({ close });
    const kept = { ...portDefaults, gateway: await freePort(), serve: port };
    writeChoices({ ports: kept, model: "org/name" }, house);
    const held = await choosePorts({}, new Set(Object.values(kept)), house);
    assert.deepEqual(held, kept);
    const moved = await choosePorts({}, none, house);
    assert.equal(moved.gateway, kept.gateway);
    assert.notEqual(moved.serve, port);
    assert.equal(await isFree(moved.serve), true);
    assert.deepEqual(readChoices(house), { ports: kept, model: "org/name" });
    assert.equal(statSync(house.choices).mode & 0o777, 0o600);
  });

  it("are the stack's own only while processes of that part run", async () => {
    const children = new Children();
    writeChoices({ ports: { ...portDefaults, gateway: 23456 } }, house);
    assert.deepEqual(heldPorts(house), none);
    try {
      const env = { PATH: process.env["PATH"], ...markOf(house.run(stackName), "gateway") };
      await children.run(waits, { env });
      assert.deepEqual([...heldPorts(house)], [23456]);
    } finally {
      await children.killAll();
    }
  });

  it("are not read from a file of another shape", () => {
    assert.equal(readChoices(house), undefined);
    place.write(".tokenrack/choices.json", '{"ports":{"gateway":"many"}}');
    assert.equal(readChoices(house), undefined);
  });

  it("are no JSON after a crash: as if there were none", () => {
    place.write(".tokenrack/choices.json", "{");
    assert.equal(readChoices(house), undefined);
  });
});

describe("reserved ports", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());
  const checkout = (name: string): House => {
    const house = { ...houseOf(place.path(name)), reservations: place.path("reserved") };
    openHouse(house);
    return house;
  };

  it("differ between checkouts that start at once", async () => {
    const [a, b] = await Promise.all([
      choosePorts({}, none, checkout("my a")),
      choosePorts({}, none, checkout("my b")),
    ]);
    assert.equal(new Set([...Object.values(a), ...Object.values(b)]).size, 10);
    assert.equal(statSync(place.path("reserved")).mode & 0o777, 0o700);
    assert.equal(readdirSync(place.path("reserved")).length, 10);
  });

  it("are another checkout's as long as it keeps them, and free when it does not or is gone", () => {
    const [a, b] = [checkout("my a"), checkout("my b")];
    const port = 23456;
    const byDead = (): void => writeFileSync(join(a.reservations, String(port)), `999999999 1 ${a.checkout}`);
    assert.equal(reservePort(port, a), true);
    assert.equal(reservePort(port, a), true);
    assert.equal(reservePort(port, b), false);
    writeChoices({ ports: { ...portDefaults, gateway: port } }, a);
    byDead();
    assert.equal(reservePort(port, b), false);
    writeChoices({ ports: portDefaults }, a);
    assert.equal(reservePort(port, b), true);
    byDead();
    rmSync(a.checkout, { recursive: true });
    assert.equal(reservePort(port, b), true);
    releasePorts([], a);
    assert.equal(reservePort(port, checkout("my c")), false);
  });

  it("are given back, but for those to keep, and only one's own", () => {
    const [a, b] = [checkout("a"), checkout("b")];
    reservePort(1001, a);
    reservePort(1002, a);
    reservePort(1003, b);
    releasePorts([1002], a);
    assert.deepEqual(readdirSync(a.reservations).sort(), ["1002", "1003"]);
    releasePorts([], a);
    assert.deepEqual(readdirSync(a.reservations), ["1003"]);
  });

  it("are not kept in a directory that others can write to", async () => {
    const a = checkout("a");
    chmodSync(place.make("reserved"), 0o777);
    const error = await errorOf(choosePorts({}, none, a));
    assert.match(error.message, /reserved is not ours alone\n {2}found: owner \d+, mode 777\n {2}fix: /);
    assert.equal(existsSync(join(a.reservations, "8080")), false);
  });
});

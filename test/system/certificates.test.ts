import assert from "node:assert/strict";
import { systemAuthorities } from "../../system/certificates";
import { Place } from "../support/fixtures";

describe("system/certificates", () => {
  const place = new Place();
  after(() => place.remove());

  it("takes the file that SSL_CERT_FILE names in place of the system's, as Go programs do", () => {
    place.write("mine.pem", "MINE");
    assert.equal(systemAuthorities({ SSL_CERT_FILE: place.path("mine.pem") }), "MINE");
    assert.equal(systemAuthorities({ SSL_CERT_FILE: place.path("none.pem") }), undefined);
    // An empty variable is none.
    assert.equal(systemAuthorities({ SSL_CERT_FILE: "" }), systemAuthorities({}));
  });
});

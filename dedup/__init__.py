"""Find documents with the same text, exactly or nearly, and decide which of them stays.

             shard 0   shard 1   …                       one task for each shard
                │         │
    sketch      signatures: hash of the text, MinHash    (no text after this step but for those compared)
                │         │
    candidates  keys: one for the exact text, one for each band of the MinHash
                  ╲     ╱   ╲                            rows are dealt by key:
                part 0   part 1   …                      all rows of a key meet in one part
                │         │
                pairs: each document of a key with the first one of that key
                  ╲     ╱
                components of all pairs                  one task; 8 bytes a document
                  ╱     ╲                                pairs and components go back to the shards
             shard 0   shard 1   …
                │         │
    verdict     compared: shingle sets of the documents that are in a pair
                  ╲     ╱   ╲                            rows are dealt by component:
                part 0   part 1   …                      all documents that may repeat each other meet in one part
                │         │
                clusters: in survivor order, each document joins the survivor that it repeats, or survives
                  ╲     ╱   ╲
             shard 0   shard 1   …
                duplicates: for each document its cluster, and whether it stays; alarms if too much goes

A key only proposes a pair; shingles decide. `order` says which of two documents stays. Two steps stand outside the
drawing: `same_address`, before it, keeps one page of each web address; `boilerplate`, after it, finds lines that many
pages of a host share.
"""

"""The database: tables, engine, blobs, ledger of what arrived, slow work as rows, backup."""

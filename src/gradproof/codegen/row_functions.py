"""The helpers of programs that read a matrix once: a few rows are multiplied, worked on and added up while the caches hold them."""

from __future__ import annotations

#: Helpers that a module carries where its code calls them.
HELPERS = {
    "reads_once": '''def reads_once(x, *columns):
    """Tell whether one pass over the rows of a matrix is quicker than two products: it is larger than the caches, its columns are few."""
    most = max(columns)
    return x.flags.c_contiguous and x.nbytes > 4_000_000 and most <= 16 and most * x.shape[1] * x.itemsize <= 262_144
''',
    "rows_at_once": '''@njit(cache=CACHE, error_model="numpy")
def rows_at_once(x):
    """How many rows the second cache holds, a multiple of four."""
    return max(4, min(64, 262_144 // max(1, x.shape[1] * x.itemsize)) // 4 * 4)
''',
    "added_up": '''@njit(**LOOPS)
def added_up(parts):
    """The sum over the first axis: what each thread has found."""
    total = parts[0].copy()
    for place in range(1, parts.shape[0]):
        total += parts[place]
    return total
''',
    "row_products": '''@njit(**LOOPS)
def row_products(x, w, z, first_row, last_row):
    """Write ``x[i] . w[c]`` to ``z[i, c]`` for some rows: four rows and two columns share what is read, which the first cache holds."""
    rows = last_row - first_row
    even_row, even_column = first_row + rows // 4 * 4, w.shape[0] // 2 * 2
    zero = x.dtype.type(0)
    width = max(128, 16_384 // max(1, w.shape[0] * x.itemsize))
    z[first_row:last_row] = zero
    for start in range(0, x.shape[1], width):
        end = min(start + width, x.shape[1])
        for i in range(first_row, even_row, 4):
            x0, x1, x2, x3 = x[i, start:end], x[i + 1, start:end], x[i + 2, start:end], x[i + 3, start:end]
            for c in range(0, even_column, 2):
                u, v = w[c, start:end], w[c + 1, start:end]
                a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero
                for j in range(end - start):
                    a0 += u[j] * x0[j]
                    a1 += u[j] * x1[j]
                    a2 += u[j] * x2[j]
                    a3 += u[j] * x3[j]
                    b0 += v[j] * x0[j]
                    b1 += v[j] * x1[j]
                    b2 += v[j] * x2[j]
                    b3 += v[j] * x3[j]
                z[i, c] += a0
                z[i + 1, c] += a1
                z[i + 2, c] += a2
                z[i + 3, c] += a3
                z[i, c + 1] += b0
                z[i + 1, c + 1] += b1
                z[i + 2, c + 1] += b2
                z[i + 3, c + 1] += b3
            for c in range(even_column, w.shape[0]):
                u = w[c, start:end]
                a0 = a1 = a2 = a3 = zero
                for j in range(end - start):
                    a0 += u[j] * x0[j]
                    a1 += u[j] * x1[j]
                    a2 += u[j] * x2[j]
                    a3 += u[j] * x3[j]
                z[i, c] += a0
                z[i + 1, c] += a1
                z[i + 2, c] += a2
                z[i + 3, c] += a3
        for i in range(even_row, last_row):
            for c in range(w.shape[0]):
                a0 = zero
                for j in range(start, end):
                    a0 += w[c, j] * x[i, j]
                z[i, c] += a0
''',
    "add_rows": '''@njit(**LOOPS)
def add_rows(x, z, total, first_row, last_row):
    """Add ``z[i, c] x[i]`` to ``total[c]`` for some rows: four rows and two columns share what is read, which the first cache holds."""
    rows, columns = last_row - first_row, z.shape[1]
    even_row, even_column = first_row + rows // 4 * 4, columns // 2 * 2
    width = max(128, 16_384 // max(1, columns * x.itemsize))
    for start in range(0, x.shape[1], width):
        end = min(start + width, x.shape[1])
        for i in range(first_row, even_row, 4):
            x0, x1, x2, x3 = x[i, start:end], x[i + 1, start:end], x[i + 2, start:end], x[i + 3, start:end]
            for c in range(0, even_column, 2):
                g, h = total[c, start:end], total[c + 1, start:end]
                a0, a1, a2, a3 = z[i, c], z[i + 1, c], z[i + 2, c], z[i + 3, c]
                b0, b1, b2, b3 = z[i, c + 1], z[i + 1, c + 1], z[i + 2, c + 1], z[i + 3, c + 1]
                for j in range(end - start):
                    g[j] += a0 * x0[j] + a1 * x1[j] + a2 * x2[j] + a3 * x3[j]
                    h[j] += b0 * x0[j] + b1 * x1[j] + b2 * x2[j] + b3 * x3[j]
            for c in range(even_column, columns):
                g = total[c, start:end]
                a0, a1, a2, a3 = z[i, c], z[i + 1, c], z[i + 2, c], z[i + 3, c]
                for j in range(end - start):
                    g[j] += a0 * x0[j] + a1 * x1[j] + a2 * x2[j] + a3 * x3[j]
        for i in range(even_row, last_row):
            for c in range(columns):
                for j in range(start, end):
                    total[c, j] += z[i, c] * x[i, j]
''',
    "times_vector": '''def times_vector(x, w):
    """x @ w by the threads of the loops, where that is worth threads."""
    return rows_by_vector(x, w) if x.size > 100_000 and x.flags.c_contiguous else x @ w
''',
    "rows_by_vector": '''@njit(parallel=True, **LOOPS)
def rows_by_vector(x, w):
    """x @ w, row by row."""
    result = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j] * w[j]
        result[i] = total
    return result
''',
    "scaled_gram": '''def scaled_gram(x, s):
    """Z'Z for Z = diag(s) x: in one pass over x, where that is worth threads and the caches hold what its columns make."""
    if x.size > 10_000 and x.shape[1] <= 1024:
        return gram_by_rows(x, s, get_num_threads())
    z = x * s[:, np.newaxis]
    return z.T @ z
''',
    "gram_by_rows": '''@njit(parallel=True, **LOOPS)
def gram_by_rows(x, s, threads):
    """Z'Z for Z = diag(s) x: each thread lays some rows of Z out by columns, multiplies four columns by two, and adds up."""
    n, d = x.shape
    zero = x.dtype.type(0)
    rows = 2048 // x.itemsize
    threads = max(1, min(threads, (n + rows - 1) // rows, 16_777_216 // (d * d + 1)))
    sums = np.zeros((threads, (d + 3) // 4 * 4, (d + 3) // 4 * 4), x.dtype)
    for thread in prange(threads):
        total = sums[thread]
        z = np.zeros((total.shape[0], rows), x.dtype)
        for start in range(thread * rows, n, threads * rows):
            here = min(rows, n - start)
            for first in range(0, d, 8):
                for k in range(here):
                    for j in range(first, min(first + 8, d)):
                        z[j, k] = x[start + k, j] * s[start + k]
            for i in range(0, d, 4):
                z0, z1, z2, z3 = z[i, :here], z[i + 1, :here], z[i + 2, :here], z[i + 3, :here]
                for j in range(i, d, 2):
                    u, v = z[j, :here], z[j + 1, :here]
                    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = zero
                    for k in range(here):
                        a0 += u[k] * z0[k]
                        a1 += u[k] * z1[k]
                        a2 += u[k] * z2[k]
                        a3 += u[k] * z3[k]
                        b0 += v[k] * z0[k]
                        b1 += v[k] * z1[k]
                        b2 += v[k] * z2[k]
                        b3 += v[k] * z3[k]
                    total[i, j] += a0
                    total[i + 1, j] += a1
                    total[i + 2, j] += a2
                    total[i + 3, j] += a3
                    total[i, j + 1] += b0
                    total[i + 1, j + 1] += b1
                    total[i + 2, j + 1] += b2
                    total[i + 3, j + 1] += b3
    for thread in range(1, threads):
        sums[0] += sums[thread]
    for i in range(d):
        for j in range(i + 1, d):
            sums[0, j, i] = sums[0, i, j]
    return np.ascontiguousarray(sums[0, :d, :d])
''',
}
